// Around allauth's own script: what needs passkeys is shown where there are any, and a refusal is a calm line.
(() => {
  "use strict";

  if (!window.PublicKeyCredential) return;
  for (const part of document.querySelectorAll("[data-passkeys]")) part.hidden = false;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const line = document.getElementById("trouble");
    line.textContent = "The passkey was not used, so nothing has changed. You can try again.";
    line.hidden = false;
  });
})();
