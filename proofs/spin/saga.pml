/*
 * The saga: one session, its hold and its transaction, until each is over.
 *
 * What stands for what
 *   charging   services/charging/domain/saga.cpp kTable, one row per line of step(); session.cpp hold_gone, released, hold_asked,
 *              transaction_ended;
 *              domain/fact_reading.cpp (payment_said, station_said), events/deadlines.cpp (move_on), api/start.cpp (Start below).
 *   Create     services/payment/api/preauthorisations.cpp  create: find_or_write, ProviderClient::authorise, write_outcome.
 *   Payment    services/payment/events/charging_events.cpp (ended, failed, closed references) and domain/transitions.cpp
 *              (charge_ended, void_asked, hold_expired).
 *   Jobs       services/payment/flow/steps.cpp (take, ask, record) and domain/transitions.cpp (authorise_found, capture_found,
 *              void_found); a step is repeated until its outcome is known.
 *   Station    services/integrations/domain/command_plan.cpp (next_step, expired), ocpp/command_dispatcher.cpp (finish, told once),
 *              ocpp/station_messages.cpp (start, stop), and the charge point itself: it may not get the command, refuse it, accept
 *              it and never begin, begin late, be heard late, and it sends its messages again.
 *   The topics are queues: late, in order per key, without loss and with one effect each. That is what relay_inbox.pml shows.
 *   REST answers get lost and may come after the caller has gone on. Deadlines pass at any moment, but for the one assumption below.
 *
 * Assumptions: a station that began to charge ends some time and is heard of (fairness); the provider answers some time; a request
 * that has been sent to the provider arrives before payment gives it up or its sender hears the answer; events reach charging
 * within the 15 s between the end of the start window and charging's own deadline, which is not judged while charging does not hear its
 * topics, services/charging/events/hearing (DEADLINE_BEFORE_RESULT drops this one).
 *
 * Prices: 0 nothing delivered, 1 what the hold covers, 2 more than that.
 */
#ifndef LOSSES
#define LOSSES 1 /* answers that get lost, REST and provider together */
#endif
#ifndef EXPIRES
#define EXPIRES 0 /* 1: the hold may expire by itself */
#endif
#ifndef REPEATS
#define REPEATS 0 /* 1: the station sends its start twice */
#endif
#ifndef MOST
#define MOST 2 /* the largest price */
#endif
#ifndef CALLS
#define CALLS 1 /* how often the hold is asked for, at most */
#endif

mtype = { NONE, REQUESTED, PREAUTH_UNKNOWN, AUTHORISED, CANCELLING, STARTED, CHARGING, LATE_STARTED, STOPPING, ENDED, CAPTURING,
          VOIDING, FAILED, VOIDED, EXPIRED, CAPTURED, RECEIVABLE, UNKNOWN, DECLINED, HELD };
mtype = { hold_authorised, hold_declined, hold_failed, hold_unknown, start_refused, transaction_started, stop_requested,
          transaction_ended, capture_unknown, captured, captured_partly, capture_failed, released, hold_expired, never_held, deadline };
mtype = { session_authorised, session_failed, session_ended, session_stop };

chan to_payment = [3] of { mtype, byte };
chan to_station = [4] of { mtype };
chan from_payment = [6] of { mtype };
chan from_station = [3] of { mtype };

byte losses = LOSSES;

/* charging */
mtype session = NONE;
byte price;
bit hold_gone, stop_asked;
/* payment */
mtype payment = NONE;
byte pay_price = 3; /* 3: the charge has not ended */
bit void_wanted, unknown_said, reference_closed, job_authorise, job_capture, job_void, case_open;
bit provider_known; /* payment has the provider's id of the hold */
bit booked_capture, booked_release;
/* the provider */
mtype provider = NONE;
bit may_expire;
/* Create */
byte create_calls;
mtype create_answer = NONE;
/* the station and its command */
bit known_here, command_open, command_sent, window_over, closed;
bit begun, heard, over, refusal_said;
byte delivered;
bit heard_inside; /* the platform knew of the transaction while the start window was open */

#define over_for_charging (session == FAILED || session == VOIDED || session == EXPIRED || session == CAPTURED || session == RECEIVABLE)

/* Say::kFailedWithHold */
inline fail_with_hold() {
  session = VOIDING;
#ifndef FORGET_THE_HOLD
  to_payment!session_failed, 0;
#endif
  to_station!session_failed
}

/* step(): the rows of kTable. CHARGING is STARTED with energy, which makes no difference here; self-loops that say nothing fall under else. */
inline step(input) {
  if
  :: session == REQUESTED && input == hold_authorised -> session = AUTHORISED; to_station!session_authorised
  :: session == REQUESTED && (input == hold_declined || input == hold_failed) -> session = FAILED; to_station!session_failed
#ifdef UNKNOWN_IS_NO
  :: session == REQUESTED && input == hold_unknown -> session = FAILED; to_station!session_failed
#else
  :: session == REQUESTED && input == hold_unknown -> session = PREAUTH_UNKNOWN
#endif
  :: session == REQUESTED && input == deadline -> fail_with_hold()
#ifndef EXPIRY_HEARD_TOO_EARLY
  :: (session == REQUESTED || session == PREAUTH_UNKNOWN) && input == hold_expired -> session = EXPIRED; to_station!session_failed
#endif

  :: session == PREAUTH_UNKNOWN && (input == hold_authorised || input == deadline) -> fail_with_hold()
  :: session == PREAUTH_UNKNOWN && (input == hold_declined || input == hold_failed) -> session = FAILED; to_station!session_failed

  :: session == AUTHORISED && input == transaction_started -> session = STARTED
  :: session == AUTHORISED && (input == start_refused || input == deadline) -> fail_with_hold()
#ifdef VOID_BEFORE_STATION_SPOKE
  :: session == AUTHORISED && input == stop_requested -> fail_with_hold()
#else
  :: session == AUTHORISED && input == stop_requested -> session = CANCELLING; to_station!session_stop
#endif
  :: session == AUTHORISED && input == hold_expired -> session = EXPIRED; to_station!session_failed

  :: session == CANCELLING && transaction_started == input -> session = STOPPING; to_station!session_stop
  :: session == CANCELLING && (input == start_refused || input == deadline) -> fail_with_hold()
  :: session == CANCELLING && input == hold_expired -> session = EXPIRED; to_station!session_failed

  :: session == STARTED && (input == stop_requested || input == hold_expired) -> session = STOPPING; to_station!session_stop
  :: (session == STARTED || session == STOPPING || session == LATE_STARTED) && input == transaction_ended ->
    price = delivered;
    session = ENDED;
    to_payment!session_ended, delivered;
    to_station!session_ended;
    /* transaction_ended(): nothing delivered and nothing held any more */
    if
    :: hold_gone && price == 0 -> session = VOIDED
    :: else
    fi

  :: (session == ENDED || session == CAPTURING) && input == captured -> session = CAPTURED
  :: (session == ENDED || session == CAPTURING) && (input == captured_partly || input == capture_failed) -> session = RECEIVABLE
#ifdef RELEASE_ENDS_A_PRICED_SESSION
  :: (session == ENDED || session == CAPTURING) && input == released -> session = VOIDED
  :: (session == ENDED || session == CAPTURING) && input == hold_expired -> session = EXPIRED
#else
  /* With a price the hold's end is not the session's: payment will say what is owed. */
  :: (session == ENDED || session == CAPTURING) && input == released && price == 0 -> session = VOIDED
  :: (session == ENDED || session == CAPTURING) && input == hold_expired && price == 0 -> session = EXPIRED
#endif
  :: session == ENDED && input == capture_unknown -> session = CAPTURING

  :: session == VOIDING && (input == hold_declined || input == hold_failed || input == never_held) -> session = FAILED
  :: session == VOIDING && input == released -> session = VOIDED
  :: session == VOIDING && input == hold_expired -> session = EXPIRED
  :: (session == VOIDING || session == VOIDED || session == EXPIRED || session == FAILED) && input == transaction_started ->
    if
    :: session != VOIDING -> hold_gone = 1
    :: else
    fi;
    session = LATE_STARTED;
    to_station!session_stop
  :: else ->
    /* Money that was taken is never given back or taken again by a late word (late(): kContradiction). */
    assert(!(session == CAPTURED && (input == released || input == hold_expired || input == capture_failed)));
    assert(!((session == VOIDED || session == EXPIRED || session == FAILED) && (input == captured || input == captured_partly)));
    /* Energy that nobody expected any more would be lost. */
    assert(!(input == transaction_started && (session == REQUESTED || session == PREAUTH_UNKNOWN)));
    assert(!(input == transaction_ended && (session == AUTHORISED || session == CANCELLING || session == VOIDING)))
  fi
}

/* POST /charging/start. The caller may go on without the answer, and the whole of it may be tried again after a crash. */
proctype Start() {
  atomic { session = REQUESTED };
  if
  :: create_calls = 1
  :: create_calls = CALLS /* a retry of the call, or a request that resumes after a crash */
  :: create_calls = 0 /* killed before it asked */
  fi;
  if
  :: atomic { create_answer != NONE -> step(create_answer) } /* settle(): only in REQUESTED, which the table says, too */
  :: atomic { losses > 0 -> losses--; 
       if
       :: session == REQUESTED -> step(hold_unknown)
       :: else
       fi }
  :: true /* killed before it settled */
  fi
}

inline begin_void() { payment = VOIDING; job_void = 1; unknown_said = 0 }
inline begin_settlement() {
  unknown_said = 0;
  if
#ifdef CAPTURE_NOTHING
  :: true -> payment = CAPTURING; job_capture = 1
#else
  :: pay_price == 0 -> begin_void()
  :: else -> payment = CAPTURING; job_capture = 1
#endif
  fi
}
/* settle(): taken, 0 when all of it is owed. */
inline settle(taken) {
  payment = CAPTURED;
  if
  :: taken -> assert(!booked_release && !booked_capture && provider == CAPTURED); booked_capture = 1
  :: else
  fi;
  if
  :: taken && pay_price == 1 -> from_payment!captured
  :: else -> from_payment!captured_partly
  fi
}
inline let_go(state) {
  payment = state;
  assert(!booked_capture && provider != CAPTURED && provider != HELD);
  booked_release = 1;
  if
  :: state == EXPIRED -> from_payment!hold_expired
  :: else -> from_payment!released
  fi
}

/* Energy whose price came while the hold was on the way out. */
inline owe_what_is_billed() {
  if
  :: (pay_price == 1 || pay_price == 2) && (payment == DECLINED || payment == FAILED || payment == VOIDED || payment == EXPIRED) -> settle(0)
  :: else
  fi
}

/* found(Step::kAuthorise) */
inline authorise_found() {
  if
  :: payment != REQUESTED && payment != UNKNOWN ->
    if
    :: finding != UNKNOWN -> job_authorise = 0
    :: else
    fi;
    if
    :: payment == FAILED && finding == HELD && !provider_known -> provider_known = 1; job_void = 1
    :: else
    fi
  :: else ->
    if
    :: finding == UNKNOWN ->
      payment = UNKNOWN;
      if
      :: !unknown_said -> unknown_said = 1; from_payment!hold_unknown
      :: else
      fi
    :: finding == HELD ->
      job_authorise = 0;
      provider_known = 1;
      payment = AUTHORISED;
      from_payment!hold_authorised;
      unknown_said = 0;
      if
      :: void_wanted -> begin_void()
      :: !void_wanted && pay_price != 3 -> begin_settlement()
      :: else
      fi
    :: finding == DECLINED -> job_authorise = 0; payment = DECLINED; from_payment!hold_declined
    :: finding == NONE -> job_authorise = 0; payment = FAILED; from_payment!hold_failed /* kNeverHeard */
    :: finding == EXPIRED -> job_authorise = 0; let_go(EXPIRED)
    :: else -> assert(false) /* captured or voided before anybody asked for it */
    fi;
    owe_what_is_billed()
  fi
}

/* find_or_write; ends with may_go == 1 when the provider is to be asked. */
proctype Create() {
  bit may_go;
  mtype finding = NONE;
end_idle:
  do
  :: atomic { create_calls > 0 -> create_calls--; may_go = 0 };
    if
#ifdef CLOSE_UNLOCKED
    /* READ COMMITTED: the check sees neither the other's open transaction, nor does the other see the new payment. */
    :: atomic { payment == NONE && !reference_closed -> may_go = 1 };
      atomic { payment = REQUESTED; job_authorise = 1 }
#else
    :: atomic { payment == NONE && !reference_closed -> payment = REQUESTED; job_authorise = 1; may_go = 1 }
#endif
#ifdef NO_CLOSED_REFERENCE
    :: atomic { payment == NONE && reference_closed -> payment = REQUESTED; job_authorise = 1; may_go = 1 }
#else
    :: atomic { payment == NONE && reference_closed -> create_answer = hold_unknown } /* 409: not an answer to this question */
#endif
    :: atomic { payment == REQUESTED || payment == UNKNOWN -> may_go = 1 }
    :: atomic { payment != NONE && payment != REQUESTED && payment != UNKNOWN -> skip }
    fi;
    if
    :: atomic { may_go ->
         may_go = 0;
         if
         :: provider == NONE && true -> provider = HELD; finding = HELD
         :: provider == NONE && true -> provider = DECLINED; finding = DECLINED
         :: provider != NONE -> finding = provider /* the same key: the same answer, as it stands now */
         fi;
         if
         :: losses > 0 && payment != FAILED -> losses--; finding = UNKNOWN
         :: true
         fi
       };
      atomic { authorise_found(); finding = NONE }
    :: else
    fi;
    atomic {
      if
      :: payment == AUTHORISED -> create_answer = hold_authorised
      :: payment == DECLINED -> create_answer = hold_declined
      :: payment == FAILED -> create_answer = hold_failed
      :: else -> create_answer = hold_unknown
      fi
    }
  od
}

/* Steps::take: each step is asked about until its outcome is known. */
proctype Jobs() {
  mtype finding = NONE;
end_idle:
  do
  :: atomic { job_authorise && losses > 0 -> losses--; finding = UNKNOWN; authorise_found(); finding = NONE }
  :: atomic { job_authorise && payment != NONE -> finding = provider; authorise_found(); finding = NONE }

  :: atomic { job_capture -> /* ProviderClient::capture, then capture_found */
       if
       :: provider == HELD -> assert(over && delivered > 0); provider = CAPTURED
       :: else
       fi;
       if
       :: losses > 0 ->
         losses--;
#ifdef UNKNOWN_CAPTURE_IS_NO
         job_capture = 0;
         settle(0)
#else
         if
         :: payment == CAPTURING && !unknown_said -> unknown_said = 1; from_payment!capture_unknown
         :: else
         fi
#endif
       :: true ->
         job_capture = 0;
         if
         :: payment == CAPTURING && provider == CAPTURED -> settle(1)
         :: payment == CAPTURING && provider != CAPTURED -> from_payment!capture_failed; case_open = 1; settle(0)
         :: else
         fi
       fi
     }

  :: atomic { job_void -> /* ProviderClient::release, then void_found */
       if
       :: provider == HELD -> provider = VOIDED
       :: else
       fi;
       if
       :: losses > 0 -> losses--
       :: true ->
         job_void = 0;
         if
         :: payment == VOIDING && provider == CAPTURED -> payment = FAILED; case_open = 1; owe_what_is_billed()
         :: payment == VOIDING && provider != CAPTURED ->
           let_go(VOIDED);
#ifndef VOID_FORGETS_THE_PRICE
           owe_what_is_billed()
#endif
         :: else
         fi
       fi
     }

  :: atomic { payment == AUTHORISED && provider == EXPIRED -> let_go(EXPIRED) } /* expire_holds, or the webhook hold.expired */
  od
}

/* ChargingEvents of payment */
proctype Payment() {
  byte amount;
#ifdef CLOSE_UNLOCKED
  bit unseen;
#endif
end_idle:
  do
  :: atomic { to_payment?session_failed, _ ->
       if
#ifdef CLOSE_UNLOCKED
       :: payment == NONE -> unseen = 1 /* find_for_update saw no row; close_reference is written and committed later */
#else
       :: payment == NONE -> reference_closed = 1
#endif
       :: payment == REQUESTED || payment == UNKNOWN -> void_wanted = 1
       :: payment == AUTHORISED -> begin_void()
       :: payment == CAPTURING || payment == CAPTURED -> case_open = 1
       :: else
       fi
     }
#ifdef CLOSE_UNLOCKED
  :: atomic { unseen -> unseen = 0; reference_closed = 1 }
#endif
  :: atomic { to_payment?session_ended, amount ->
       if
       :: pay_price == 3 ->
         pay_price = amount;
         if
         :: payment == NONE -> assert(false) /* a charge without a hold of ours: would be a dead letter */
         :: payment == REQUESTED || payment == UNKNOWN || payment == VOIDING
         :: payment == AUTHORISED -> begin_settlement()
         :: else -> owe_what_is_billed()
         fi
       :: else
       fi;
       amount = 0
     }
  od
}

proctype Charging() {
  mtype fact;
end_idle:
  do
  :: atomic { from_payment?fact ->
       if
       :: fact == released || fact == hold_expired -> hold_gone = 1
       :: else
       fi;
       step(fact);
       fact = 0
     }
  :: atomic { from_station?fact -> step(fact); fact = 0 }
  /* the driver, or a rule, once */
  :: atomic { !stop_asked && (session == AUTHORISED || session == STARTED) -> stop_asked = 1; step(stop_requested) }
  /* watch_deadlines */
  :: atomic { session == REQUESTED || session == PREAUTH_UNKNOWN -> step(deadline) }
#ifdef DEADLINE_BEFORE_RESULT
  :: atomic { session == AUTHORISED || session == CANCELLING -> step(deadline) }
#else
  :: atomic { (session == AUTHORISED || session == CANCELLING) && window_over && !command_open && empty(from_station) && empty(to_station) &&
              !(begun && !heard && !window_over) -> step(deadline) }
#endif
  :: atomic { session == VOIDING && (payment == NONE || payment == DECLINED || payment == FAILED) ->
       if
       :: payment == NONE -> step(never_held)
       :: payment == DECLINED -> step(hold_declined)
       :: payment == FAILED -> step(hold_failed)
       fi
     }
#ifndef ASK_IGNORES_RELEASE
  :: atomic { session == VOIDING && (payment == VOIDED || payment == EXPIRED) ->
       hold_gone = 1;
       if
       :: payment == VOIDED -> step(released)
       :: payment == EXPIRED -> step(hold_expired)
       fi
     }
#endif
  od
}

/* The dispatcher of integrations and its inbox. */
proctype Integrations() {
end_idle:
  do
  :: atomic { to_station?session_authorised -> known_here = 1; command_open = 1 }
  :: atomic { to_station?session_stop -> skip } /* a stop: the station ends, which it may do at any time anyway */
  :: atomic { (to_station?[session_failed] || to_station?[session_ended]) ->
       if
       :: to_station?session_failed
       :: to_station?session_ended
       fi;
       closed = 1
     }
  :: atomic { command_open && heard -> command_open = 0 }                                   /* accepted: the transaction has begun */
  :: atomic { command_open && !command_sent && !window_over -> command_sent = 1 }           /* sent, and perhaps heard */
  :: atomic { command_open && !command_sent -> command_open = 0; refusal_said = 1; from_station!start_refused } /* offline, taken back or expired */
  :: atomic { command_open && command_sent && !begun && !window_over -> command_open = 0; refusal_said = 1; from_station!start_refused } /* Rejected */
  :: atomic { command_open && command_sent && !heard -> command_open = 0 }                  /* Accepted */
  :: atomic { command_open && window_over && !heard -> command_open = 0; refusal_said = 1; from_station!start_refused } /* timeout */
  :: atomic { known_here && !window_over && session != NONE -> window_over = 1 }
  od
}

/* The charge point. A refused or timed-out command may still have begun something. */
proctype Station() {
  bit repeated;
end_idle:
  if
  :: command_sent -> skip
  fi;
  if
  :: skip -> goto end_never /* nobody plugs in */
  :: atomic { begun = 1 }
  fi;
  atomic {
    heard = 1;
    heard_inside = !refusal_said && !window_over;
    from_station!transaction_started
  };
  if
  :: atomic { REPEATS && !repeated && nfull(from_station) -> repeated = 1; from_station!transaction_started } /* repeats itself */
  :: true
  fi;
  atomic {
    over = 1;
    if
    :: delivered = 0
    :: delivered = 1
#if MOST > 1
    :: delivered = 2
#endif
    fi
  };
  from_station!transaction_ended;
end_never:
  skip
}

proctype Expiry() {
end_idle:
  atomic { may_expire && provider == HELD -> provider = EXPIRED }
}

proctype Quiescence() {
end_watch:
  timeout ->
    assert(over_for_charging);
    assert(provider != HELD);
    assert(!(session == CAPTURED) || (booked_capture && delivered > 0));
    assert(session == CAPTURED || session == RECEIVABLE || !booked_capture);
    assert(session != RECEIVABLE || delivered > 0);
    assert(delivered == 0 || session == CAPTURED || session == RECEIVABLE);
    assert(!heard_inside || delivered != 1 || session == CAPTURED || provider == EXPIRED)
}

init {
  atomic {
    may_expire = EXPIRES;
    run Start();
    run Create();
    run Jobs();
    run Payment();
    run Charging();
    run Integrations();
    run Station();
    run Expiry();
#ifndef LIVENESS
    run Quiescence()
#endif
  }
}

#ifdef LIVENESS
ltl ends { <> [] over_for_charging }
#endif
