/*
 * Idempotency keys: many requests with one key make one session, one hold and one answer.
 *
 * What stands for what
 *   row_…      the row of `idempotency`: kit/messaging/idempotency.cpp  kTake, kRead (begin), kAdvance (advance), kComplete
 *              (complete), kRelease (release). `attempt` counts the holders of the key; a holder whose lease has ended is refused.
 *   Request    services/charging/api/start.cpp  start_charging, run_start, place_order (step 1: session and recovery point in one
 *              transaction), PaymentClient::hold (step 2, outside of any transaction), settle (step 3: outcome and answer in one
 *              transaction), resume_order, refuse. Each one repeats until it has an answer, as the driver's telephone does.
 *   provider   services/payment/provider/provider_client.cpp  authorise: keyed by the reference, which is derived from the session.
 *   Facts      services/charging/events/facts.cpp  on_payment: the fact may be quicker than the answer.
 *   Completer  services/charging/events/deadlines.cpp  move_on: a session that nobody asks for again is finished.
 *   Lease      a lease that ends: always when its holder is dead, and a bounded number of times under a holder that is slow.
 *
 * Checked: one session, one hold, one stored answer; who is answered gets exactly that answer, the others 409 (assertions);
 * under weak fairness everybody gets the answer (LTL answered) and no session stays in REQUESTED, also when nobody asks again
 * (LTL completed).
 */
#ifndef REQUESTS
#define REQUESTS 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef SLOW
#define SLOW 1 /* leases that end under a holder that lives */
#endif
#define NOBODY 255

mtype = { absent, running, finished };                                   /* of the row */
mtype = { none, requested, authorised, declined, unknown, voiding };     /* of the session; `none` also: no answer yet */
mtype = { refused };                                                     /* the answer of a start that never became a session */

byte crashes = CRASHES;
byte slow = SLOW;

mtype row = absent;
byte row_attempt;
bit row_leased;
byte row_holder = NOBODY; /* for Lease only: whose process it is */
byte row_session;         /* the recovery point "requested:<id>"; 0: none */
mtype row_answer = none;

byte sessions;         /* how many were ever committed */
mtype session = none;  /* the last one */
byte holds;            /* how many the provider made */
mtype hold = none;
byte answered;         /* how many requests have their answer */
bit given_up;          /* everybody who asked is dead or gone */
byte asking = REQUESTS;
byte live = 0;         /* bit set of the requests that are inside */

inline crash() { live = live & ~(1 << me); mine = 0; found = none; goto again }

#ifdef NO_ATTEMPT_FENCE
#define still_mine (row == running)
#else
#define still_mine (row == running && row_attempt == mine)
#endif

/* May anybody begin or take over? */
#ifdef NO_LEASE_CHECK
#define takable (row == absent || row == running)
#else
#define takable (row == absent || (row == running && !row_leased))
#endif

proctype Request(byte me) {
  byte mine;           /* IdempotentRequest::attempt */
  mtype found = none;  /* what the provider said; then the answer */
  bit resumed;
again:
  do
  :: atomic { row == finished -> found = row_answer; goto answer } /* kReplay */
  :: atomic { takable ->
       if
       :: row == absent -> row = running; row_attempt = 1; resumed = 0
       :: else -> row_attempt++; resumed = 1
       fi;
       row_leased = 1;
       row_holder = me;
       mine = row_attempt;
       live = live | (1 << me);
       break
     }
  /* request-in-progress is 409: asks again later */
#ifdef MAY_LEAVE
  :: atomic { asking--; goto gone } /* nobody asks again */
#endif
  od;

  /* place_order, or resume_order */
  if
#ifdef NO_RECOVERY_POINT
  :: false
#else
  :: atomic { resumed && row_session != 0 -> skip }
#endif
  :: atomic { crashes > 0 -> crashes--; crash() }
#ifdef NO_RECOVERY_POINT
  :: atomic { true ->
#else
  :: atomic { !(resumed && row_session != 0) ->
#endif
       if
       :: still_mine ->
         sessions++;
         assert(sessions == 1);
         session = requested;
         row_session = sessions;
         row_leased = 1
       :: else -> crash() /* held_still: request-in-progress, rolled back: 409 */
       fi
     }
  /* The station is offline or taken: a business error, stored like any other answer (refuse). */
  :: atomic { !(resumed && row_session != 0) -> found = refused };
     if
     :: atomic { still_mine -> row = finished; row_answer = refused; row_leased = 0; goto answer }
#ifdef ANSWER_WITHOUT_STORING
     :: atomic { !still_mine -> goto answer }
#else
     :: atomic { !still_mine -> crash() }
#endif
     :: atomic { crashes > 0 -> crashes--; crash() }
     fi
  fi;

  /* PaymentClient::hold: no transaction, no lock; the session may have moved on since it was read, and so may the key. The answer
     may get lost: then the outcome is unknown. */
  if
  :: atomic { true ->
       if
       :: hold == none ->
         if
         :: hold = authorised
         :: hold = declined
         fi;
         holds++
#ifdef PROVIDER_KEY_PER_ATTEMPT
       :: hold != none -> holds++
#else
       :: hold != none -> skip /* repeated under the same key: the same answer */
#endif
       fi;
       assert(holds <= 1);
       if
       :: found = hold
       :: found = unknown
       fi
     }
  :: atomic { session != requested -> found = unknown }
  :: atomic { crashes > 0 -> crashes--; crash() }
  fi;

  /* settle: the session's row lock, its change and the stored answer commit together, or not at all. */
  if
  :: atomic { still_mine ->
       if
       :: session == requested -> session = found
       :: else
       fi;
       found = session;
       row = finished;
#ifdef NO_ATTEMPT_FENCE
       assert(row_answer == none);
#endif
       row_answer = found;
       row_leased = 0
     }
  :: atomic { !still_mine -> crash() }
  :: atomic { crashes > 0 -> crashes--; crash() }
  fi;
answer:
  atomic {
    assert(row == finished && found == row_answer);
    live = live & ~(1 << me);
    mine = 0;
    answered++
  };
gone:
  skip
}

/* The session's own end when nobody comes back: PaymentAuthorized or PaymentDeclined, or the deadline. */
proctype Facts() {
end_idle:
  do
  :: atomic { session == requested && hold != none -> session = hold }
  od
}
proctype Completer() {
end_idle:
  do
#ifndef NO_COMPLETER
  :: atomic { session == requested -> session = voiding }
#else
  :: false
#endif
  od
}

proctype Lease() {
end_idle:
  do
#ifndef LEASE_NEVER_ENDS
  :: atomic { row == running && row_leased && !(live & (1 << row_holder)) -> row_leased = 0 }
#endif
  :: atomic { row == running && row_leased && slow > 0 -> slow--; row_leased = 0 }
  od
}

init {
  byte n;
  atomic {
    do
    :: n < REQUESTS -> run Request(n); n++
    :: else -> break
    od;
    run Facts();
    run Completer();
    run Lease()
  }
}

#ifdef LIVENESS
#ifdef MAY_LEAVE
ltl completed { [] (session == requested -> <> (session != requested)) }
#else
ltl answered { <> (answered == REQUESTS) }
#endif
#endif
