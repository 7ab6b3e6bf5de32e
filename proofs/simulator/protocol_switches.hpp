// Mutants of the protocol: each switch takes one rule away from the simulated shell around the shipped rules. Mutants
// of the shipped rules themselves are textual (mutants.txt). All off: the protocol as it is built.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace evc::simulator {

struct Switches {
  // relay and inbox
  bool confirm_before_delivery = false;
  bool confirm_after_first_chunk = false;
  bool no_slot_fence = false;
  bool poll_by_position = false;
  bool several_in_flight = false;
  bool go_on_after_failed_chunk = false;
  bool swap_within_batch = false;
  bool no_reemission = false;
  bool reemit_each_page_its_view = false;
  bool any_note_is_taken_back = false;
  bool event_outside_transaction = false;
  bool no_dedup = false;
  bool inbox_row_in_own_transaction = false;
  bool acknowledge_before_commit = false;
  bool start_at_latest = false;
  bool dead_letter_skips_subject = false;
  bool replay_forgets_parked = false;
  bool gap_never_closes = false;
  // idempotency keys
  bool no_attempt_fence = false;
  bool no_lease = false;
  bool no_recovery_point = false;
  bool answer_without_storing = false;
  bool answer_in_own_transaction = false;
  bool reference_per_attempt = false;
  // saga, payment, stations
  bool no_completer = false;
  bool unlocked_close = false;
  bool no_closed_reference = false;
  bool no_job_with_payment = false;
  bool no_job_lease_end = false;
  bool finding_without_lock = false;
  bool start_kept_without_event = false;
};

inline constexpr std::array kSwitchNames{
    std::pair{"confirm_before_delivery", &Switches::confirm_before_delivery},
    std::pair{"confirm_after_first_chunk", &Switches::confirm_after_first_chunk},
    std::pair{"no_slot_fence", &Switches::no_slot_fence},
    std::pair{"poll_by_position", &Switches::poll_by_position},
    std::pair{"several_in_flight", &Switches::several_in_flight},
    std::pair{"go_on_after_failed_chunk", &Switches::go_on_after_failed_chunk},
    std::pair{"swap_within_batch", &Switches::swap_within_batch},
    std::pair{"no_reemission", &Switches::no_reemission},
    std::pair{"reemit_each_page_its_view", &Switches::reemit_each_page_its_view},
    std::pair{"any_note_is_taken_back", &Switches::any_note_is_taken_back},
    std::pair{"event_outside_transaction", &Switches::event_outside_transaction},
    std::pair{"no_dedup", &Switches::no_dedup},
    std::pair{"inbox_row_in_own_transaction", &Switches::inbox_row_in_own_transaction},
    std::pair{"acknowledge_before_commit", &Switches::acknowledge_before_commit},
    std::pair{"start_at_latest", &Switches::start_at_latest},
    std::pair{"dead_letter_skips_subject", &Switches::dead_letter_skips_subject},
    std::pair{"replay_forgets_parked", &Switches::replay_forgets_parked},
    std::pair{"gap_never_closes", &Switches::gap_never_closes},
    std::pair{"no_attempt_fence", &Switches::no_attempt_fence},
    std::pair{"no_lease", &Switches::no_lease},
    std::pair{"no_recovery_point", &Switches::no_recovery_point},
    std::pair{"answer_without_storing", &Switches::answer_without_storing},
    std::pair{"answer_in_own_transaction", &Switches::answer_in_own_transaction},
    std::pair{"reference_per_attempt", &Switches::reference_per_attempt},
    std::pair{"no_completer", &Switches::no_completer},
    std::pair{"unlocked_close", &Switches::unlocked_close},
    std::pair{"no_closed_reference", &Switches::no_closed_reference},
    std::pair{"no_job_with_payment", &Switches::no_job_with_payment},
    std::pair{"no_job_lease_end", &Switches::no_job_lease_end},
    std::pair{"finding_without_lock", &Switches::finding_without_lock},
    std::pair{"start_kept_without_event", &Switches::start_kept_without_event},
};

}  // namespace evc::simulator
