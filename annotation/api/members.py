"""The people of a study over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response as ApiResponse
from rest_framework.views import APIView

from annotation.access import get_study
from annotation.models import Membership, Study
from annotation.services.change_members import remove_member, set_member


def _members(study: Study) -> dict[str, Any]:
    found = Membership.objects.filter(study=study).order_by("user__username").values_list("user__username", "role")
    return {"members": [{"user_name": name, "role": role} for name, role in found]}


class Members(APIView):
    """List people and roles; add one, or change a role."""

    class Input(serializers.Serializer[Any]):
        user_name = serializers.CharField(max_length=150)
        role = serializers.ChoiceField(choices=Membership.ROLES)

    @extend_schema(responses=dict)
    def get(self, request: Request, slug: str) -> ApiResponse:
        return ApiResponse(_members(get_study(request.user, slug, "change_members")))

    @extend_schema(request=Input, responses={201: dict})
    def post(self, request: Request, slug: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_members")
        data = self.Input(data=request.data)
        data.is_valid(raise_exception=True)
        set_member(study=study, **data.validated_data)
        return ApiResponse(_members(study), status=status.HTTP_201_CREATED)


class OneMember(APIView):
    """DELETE: take a person's role away."""

    @extend_schema(responses=dict)
    def delete(self, request: Request, slug: str, user_name: str) -> ApiResponse:
        study = get_study(request.user, slug, "change_members")
        remove_member(study=study, user_name=user_name)
        return ApiResponse(_members(study))
