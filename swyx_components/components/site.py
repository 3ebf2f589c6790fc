"""`SwyxSite`: one site of an installation in one cloud."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Dict, List, Optional

import pulumi

from swyx_components.components.args import SwyxSiteArgs, check_args
from swyx_components.components.clouds import Ids, Writer, Written, count_quotas, render_site, writer_of
from swyx_components.components.host_group import HostGroup
from swyx_components.components.prepare import (
    attached_machines,
    bindings_of,
    list_ids,
    plain_errors,
    prepare,
    summarise,
    tell,
)
from swyx_components.components.roles import class_for
from swyx_components.installation import Installation, read_installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_site
from swyx_components.planner.model import RenderedSite, SitePlan
