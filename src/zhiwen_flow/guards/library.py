"""The guards that the library ships (随库守卫), as one closed registry."""

from __future__ import annotations

from zhiwen_flow.guards.authority import (
    coordinating_body_never_decides_on_persons,
    decided_in_meeting,
    has_measure_authority,
)
from zhiwen_flow.guards.children import children_are_all_in, no_open_obligations, opened_by_parent, some_child_is_in
from zhiwen_flow.guards.choice import (
    bar_is_over,
    combination_is_allowed,
    is_in_ladder,
    no_heavier_than_told,
    substance_follows_time,
)
from zhiwen_flow.guards.consent import approval_is_settled, others_were_asked
from zhiwen_flow.guards.finding import (
    duty_was_held,
    findings_are_single,
    grounds_are_admissible,
    is_next_level,
    liability_is_proved,
    needs_are_met,
)
from zhiwen_flow.guards.material import (
    every_item_is_assessed,
    facts_are_recorded,
    list_is_not_empty,
    materials_are_present,
    value_is_one_of,
)
from zhiwen_flow.guards.measure import basis_is_named, takes_effect_by
from zhiwen_flow.guards.people import (
    coverage_is_met,
    list_covers,
    organ_is_of_kind,
    people_are_apart,
    signature_is_given,
    threshold_is_met,
)
from zhiwen_flow.guards.post import (
    deputys_body_is_told,
    fills_post,
    has_discipline_jurisdiction,
    is_leading_post,
    manages_post,
    start_is_approved,
    statutory_act_is_recorded,
)
from zhiwen_flow.guards.recusal import actor_differs_from, actor_is_not_concerned, handler_is_not_concerned
from zhiwen_flow.guards.registry import Registry
from zhiwen_flow.guards.remedy import remedy_is_given, remedy_is_no_worse, within_remedy_term
from zhiwen_flow.guards.role import actor_belongs_to, actor_holds_one_role, actor_holds_role
from zhiwen_flow.guards.time import deadline_is_by_another_calendar, end_date_is_given, not_after, not_before

LIBRARY = Registry(
    (
        actor_holds_role,
        actor_holds_one_role,
        actor_belongs_to,
        has_measure_authority,
        coordinating_body_never_decides_on_persons,
        decided_in_meeting,
        actor_is_not_concerned,
        handler_is_not_concerned,
        actor_differs_from,
        materials_are_present,
        facts_are_recorded,
        value_is_one_of,
        list_is_not_empty,
        every_item_is_assessed,
        basis_is_named,
        takes_effect_by,
        not_before,
        not_after,
        end_date_is_given,
        deadline_is_by_another_calendar,
        children_are_all_in,
        some_child_is_in,
        no_open_obligations,
        opened_by_parent,
        remedy_is_given,
        within_remedy_term,
        remedy_is_no_worse,
        others_were_asked,
        approval_is_settled,
        start_is_approved,
        manages_post,
        has_discipline_jurisdiction,
        fills_post,
        deputys_body_is_told,
        is_leading_post,
        is_in_ladder,
        statutory_act_is_recorded,
        findings_are_single,
        liability_is_proved,
        duty_was_held,
        needs_are_met,
        grounds_are_admissible,
        is_next_level,
        no_heavier_than_told,
        combination_is_allowed,
        substance_follows_time,
        bar_is_over,
        people_are_apart,
        list_covers,
        threshold_is_met,
        organ_is_of_kind,
        coverage_is_met,
        signature_is_given,
    )
)
"""Every guard of the library."""
