"""Signing in and out, changing the password, the API token. There is no sign-up: admins make accounts."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_GET, require_POST
from rest_framework.authtoken.models import Token

from annotation.api.throttle import SecretThrottle
from annotation.models import Identity

ONE_TIME = "one-time password"  # name of the group of accounts that must choose a password of their own


class SignIn(auth_views.LoginView):
    template_name = "account/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        throttle = SecretThrottle()
        if not throttle.allow_request(request, throttle):  # type: ignore[arg-type]  # reads scope, user and address
            form = self.get_form()
            form.add_error(None, "Too many tries from this address. Wait a minute, then try again.")
            return self.render_to_response(self.get_context_data(form=form), status=429)
        return super().post(request, *args, **kwargs)


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Stands before the sign-in page of Django's admin, which counts no tries: there is one door, and it is ours."""
    if request.user.is_staff:
        return redirect("admin:index")
    if request.user.is_authenticated:
        raise PermissionDenied("This part of the site is for admins.")
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


class ChangePassword(auth_views.PasswordChangeView):
    template_name = "account/password_change.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: Any) -> HttpResponse:
        self.request.user.groups.remove(*self.request.user.groups.filter(name=ONE_TIME))  # type: ignore[union-attr]
        self.request.session.pop("must_change_password", None)
        messages.success(self.request, "Your password is changed.")
        return super().form_valid(form)


def must_change_password_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Whoever signed in with a one-time password sees nothing before she has chosen one of her own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        # asked once per session, so that no page pays a query for it
        if request.session.session_key and request.user.is_authenticated:
            if "must_change_password" not in request.session:
                request.session["must_change_password"] = request.user.groups.filter(name=ONE_TIME).exists()
            allowed = (reverse("password_change"), reverse("logout"), "/static/")
            if request.session["must_change_password"] and not request.path.startswith(allowed):
                return redirect("password_change")
        return get_response(request)

    return middleware


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    token = Token.objects.filter(user=user).first()
    identity = Identity.objects.filter(user=user).select_related("annotator").first()
    return render(request, "account/account.html", {"has_token": token is not None, "identity": identity})


@require_POST
@login_required
def make_token(request: HttpRequest) -> HttpResponse:
    """A new API token; shown once, the old one ends."""
    user = cast(User, request.user)
    Token.objects.filter(user=user).delete()
    token = Token.objects.create(user=user)
    return render(request, "account/account.html", {"has_token": True, "new_token": token.key})
