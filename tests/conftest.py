from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from accounts.models import Switch
from portal import local
from portal.demo.forget import forget
from simulator.process import SimulatorProcess
from tests.support import databases
from tests.support.demo import DemoProcess
from tests.support.factories import SwitchFactory, UserFactory
from tests.support.logins import logged_in
from tests.support.processes import start_worker
from tests.support.visitors import Visitor, visitor

# The same examples in every run, whatever an earlier one kept: `make conform` is where new ones are tried.
hypothesis_settings.register_profile("suite", derandomize=True, database=None, deadline=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture(scope="session")
def django_db_setup(
    worker_id: str, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A clone of the migrated template for each worker, and for each of several runs beside one another."""
    name = "_".join(
        filter(None, [f"test_{settings.DATABASES['default']['NAME']}", os.environ.get("PYTEST_DB"), worker_id])
    )
    with django_db_blocker.unblock():
        databases.clone_template(name)
    yield
    with django_db_blocker.unblock():
        databases.drop(name)


@pytest.fixture(scope="session", autouse=True)
def restored_databases() -> None:
    """Django empties every table after a test that commits, and makes all permissions again: a second each time."""
    TransactionTestCase._fixture_teardown = lambda _: databases.restore()  # type: ignore[attr-defined]  # a hook for tests


@pytest.fixture(scope="session", autouse=True)
def passwords_alone() -> None:
    """Nearly every test of the staff's makes a person; tests/accounts/test_second_factor.py has the rule itself."""
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture(scope="session", autouse=True)
def own_redis(worker_id: str) -> str:
    """Each xdist worker has a Redis database of its own; 0 is for a run without xdist."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    url = f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{number}"
    settings.REDIS_URL = settings.CELERY_BROKER_URL = url
    from portal.celery import app

    app.conf.update(broker_url=url)
    return url


@pytest.fixture(scope="session", autouse=True)
def own_exports(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.EXPORT_DIR = tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="session")
def redis_client(own_redis: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(own_redis) as client:
        yield client


@pytest.fixture(autouse=True)
def clean_redis(redis_client: redis.Redis) -> None:
    redis_client.flushdb()


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess("--quiet-world", "--seed", "1") as process:
        yield process


@pytest.fixture(scope="session")
def running_demo() -> Iterator[Callable[[], DemoProcess]]:
    """One demo for all tests of this run that need one; a new one where a test has ended the last one."""
    folder = local.FOLDER / "demo-of-tests"
    forget(folder)
    started: list[DemoProcess] = []
    with contextlib.ExitStack() as stack:

        def running() -> DemoProcess:
            if not started or started[-1].process.poll() is not None:
                started.append(stack.enter_context(DemoProcess(folder)))
            return started[-1]

        yield running
    forget(folder)


@pytest.fixture
def demo(running_demo: Callable[[], DemoProcess]) -> DemoProcess:
    """The whole portal with its sample people, whatever earlier tests did in it."""
    return running_demo()


@pytest.fixture
def simulator(simulator_process: SimulatorProcess) -> SimulatorProcess:
    """A real simulator over HTTP, with a fresh sample world and no calls of its own."""
    simulator_process.control.reset()
    return simulator_process


@pytest.fixture
def switch(db: None, simulator: SimulatorProcess) -> Switch:
    return SwitchFactory.create(name="demo", url=simulator.url)


@pytest.fixture
def zoe(switch: Switch) -> Visitor:
    """A customer: the simulator's account A-20417, below the agent R-100."""
    return visitor(switch, "A-20417")


@pytest.fixture
def mara(switch: Switch, zoe: Visitor) -> Visitor:
    """The reseller above Zoë."""
    return visitor(switch, "R-100")


@pytest.fixture
def sam(zoe: Visitor) -> Visitor:
    """Support: no account of their own."""
    user = UserFactory.create(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_account"))
    return Visitor(user, zoe.account, logged_in(user))


@pytest.fixture
def rich(mara: Visitor) -> Decimal:
    """What the reseller has, so that tests can ask for more."""
    assert mara.account.spendable is not None
    return mara.account.spendable


@pytest.fixture
def worker(transactional_db: None, own_redis: str) -> Iterator[subprocess.Popen[bytes]]:
    process = start_worker(own_redis)
    yield process
    process.terminate()
    process.wait(20)
