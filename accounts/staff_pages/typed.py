"""Classes of Django's that take type parameters in the eyes of mypy, and none at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.core import paginator

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.core.paginator import Paginator
    from django.forms import ModelForm
else:

    class Parametrised:
        __class_getitem__ = classmethod(lambda cls, _: cls)

    class ModelAdmin(Parametrised, admin.ModelAdmin):
        pass

    class TabularInline(Parametrised, admin.TabularInline):
        pass

    class ModelForm(Parametrised, forms.ModelForm):
        pass

    class Paginator(Parametrised, paginator.Paginator):
        pass


__all__ = ["ModelAdmin", "ModelForm", "Paginator", "TabularInline"]
