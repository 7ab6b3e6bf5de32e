/*
 * A hold that grows while its charge runs: one session that is CHARGING, one authorised payment, increments one after the other.
 *
 * What stands for what
 *   Station    the charge itself: reading after reading, and what flows on until a station that was asked has stopped.
 *   reading()  services/charging/domain/session.cpp energy_measured, hold_growth.cpp want_increment and hold_limit_reached.
 *   Asker      services/charging/events/increments.cpp and payment_client.cpp increment; services/payment/api/increments.cpp
 *              (find_or_write, the provider, write_outcome) with domain/increments.cpp increment_asked and increment_found.
 *   Jobs       services/payment/flow/steps.cpp for the steps increment and capture, repeated until their outcome is known.
 *   Facts      charging's inbox: increment_answered for what payment.events say.
 *   Payment    ChargingSessionEnded: charge_ended, which drops an increment that is open.
 *
 * Money is counted in steps: a reading costs one, an increment holds one more. FIRST is held at the beginning, LIMIT is what the
 * driver agreed to. Answers get lost; the same key has one effect at the provider; topics lose nothing and keep their order.
 */
#ifndef LOSSES
#define LOSSES 2
#endif
#ifndef FIRST
#define FIRST 3
#endif
#ifndef LIMIT
#define LIMIT 5
#endif

mtype = { NONE, WANTED, UNKNOWN, GRANTED, REFUSED, ASKED, DROPPED, AUTHORISED, CAPTURING, CAPTURED };

byte losses = LOSSES;
/* charging */
byte cost, hold = FIRST, number;
mtype wish = NONE;
bit stopping, ended;
/* payment */
mtype payment = AUTHORISED, inc = NONE;
byte held = FIRST, pay_number, price;
bit job, job_capture, unknown_said;
/* the provider */
byte at_provider = FIRST, granted_key, refused_key;
bit taken;

chan facts = [5] of { mtype, byte, byte }; /* payment.events: what, number, held */
chan bill = [1] of { byte };

/* increment_answered() */
inline answered(what, which, all_held) {
  if
  :: which == number && (wish == WANTED || wish == UNKNOWN) ->
    if
    :: what == GRANTED -> wish = GRANTED; hold = all_held
#ifdef UNKNOWN_IS_YES
    :: what == UNKNOWN -> wish = GRANTED; hold++
#else
    :: what == UNKNOWN -> wish = UNKNOWN
#endif
    :: what == REFUSED -> wish = REFUSED
    fi
  :: else
  fi;
  assert(hold <= LIMIT);
  assert(hold <= held) /* nothing counts as held that payment does not hold */
}

inline reading() {
  cost++;
  if
#ifndef NO_STOP_LEAD
  :: cost + 1 >= hold -> stopping = 1
#else
  :: cost >= hold -> stopping = 1
#endif
  :: else ->
    if
    :: (wish == NONE || wish == GRANTED) && hold < LIMIT && cost + 2 >= hold -> number++; wish = WANTED
    :: else
    fi
  fi
}

proctype Station() {
  do
  :: atomic { !stopping && !ended -> reading() }
  :: atomic { stopping || cost > 0 -> /* asked to stop, or the car is full */
       if
       :: stopping -> cost++ /* what flows until it has stopped */
       :: true
       fi;
       ended = 1;
       assert(cost <= hold);
       bill!cost;
       break
     }
  od
}

/* One call with the increment's key: what it has done it has done, and it never does it twice. */
inline ask_provider(which) {
  if
#ifdef KEY_PER_TRY
  :: !taken -> at_provider++; granted_key = which; finding = GRANTED
#else
  :: granted_key >= which -> finding = GRANTED
  :: granted_key < which && refused_key < which && !taken -> at_provider++; granted_key = which; finding = GRANTED
#endif
  :: granted_key < which -> refused_key = which; finding = REFUSED
  fi;
  assert(at_provider <= FIRST + pay_number);
  if
  :: losses > 0 -> losses--; finding = UNKNOWN
  :: true
  fi
}

/* increment_found(): what was found out about another number than the open one changes nothing. */
inline increment_found(which) {
  if
#ifndef STALE_FINDING
  :: which != pay_number -> skip
  :: which == pay_number && inc != ASKED && inc != UNKNOWN -> job = 0
#else
  :: inc != ASKED && inc != UNKNOWN -> job = 0
#endif
  :: else ->
    if
    :: finding == UNKNOWN ->
      inc = UNKNOWN;
      if
      :: !unknown_said -> unknown_said = 1; facts!UNKNOWN, pay_number, held
      :: else
      fi
    :: finding == GRANTED ->
      assert(payment == AUTHORISED); /* nothing is booked into a hold that is over */
      inc = GRANTED;
      held++;
      job = 0;
      unknown_said = 0;
      facts!GRANTED, pay_number, held
    :: finding == REFUSED -> inc = REFUSED; job = 0; unknown_said = 0; facts!REFUSED, pay_number, held
    fi
  fi;
  assert(held <= at_provider && held <= LIMIT)
}

proctype Asker() {
  mtype finding = NONE;
  byte asked;
end_idle:
  do
  :: atomic { (wish == WANTED || wish == UNKNOWN) && !stopping && !ended -> asked = number };
    /* find_or_write and increment_asked */
    atomic {
      if
      :: payment == AUTHORISED && inc != ASKED && inc != UNKNOWN && asked == pay_number + 1 && held < LIMIT -> pay_number = asked; inc = ASKED; job = 1
      :: else
      fi
    };
    if
    :: atomic { pay_number == asked && (inc == ASKED || inc == UNKNOWN) -> ask_provider(asked) };
      atomic { increment_found(asked); finding = NONE }
    :: else
    fi;
    /* the answer, or none */
    atomic {
      if
      :: losses > 0 -> losses--; answered(UNKNOWN, asked, held)
      :: pay_number == asked && inc == GRANTED -> answered(GRANTED, asked, held)
      :: pay_number == asked && (inc == REFUSED || inc == DROPPED) -> answered(REFUSED, asked, held)
      :: pay_number < asked -> answered(REFUSED, asked, held) /* 409 conflict */
      :: pay_number == asked && (inc == ASKED || inc == UNKNOWN) -> answered(UNKNOWN, asked, held)
      fi;
      asked = 0
    }
  od
}

proctype Jobs() {
  mtype finding = NONE;
  byte of_job;
end_idle:
  do
  :: atomic { job && (inc == ASKED || inc == UNKNOWN) -> of_job = pay_number; ask_provider(of_job) };
    atomic { increment_found(of_job); finding = NONE; of_job = 0 }
  :: atomic { job && inc != ASKED && inc != UNKNOWN -> job = 0 }
  :: atomic { job_capture ->
       if
       :: !taken ->
         assert((price < held -> price : held) <= at_provider);
         taken = 1
       :: else
       fi;
       if
       :: losses > 0 -> losses--
       :: true -> job_capture = 0; payment = CAPTURED
       fi
     }
  od
}

proctype Facts() {
  mtype what;
  byte which, all_held;
end_idle:
  do
  :: atomic { facts?what, which, all_held -> answered(what, which, all_held); what = 0; which = 0; all_held = 0 }
  od
}

proctype Payment() {
  atomic { bill?price ->
    payment = CAPTURING;
    job_capture = 1;
#ifndef NOT_DROPPED
    if
    :: inc == ASKED || inc == UNKNOWN -> inc = DROPPED
    :: else
    fi
#endif
  }
}

proctype Quiescence() {
end_watch:
  timeout ->
    assert(ended && payment == CAPTURED && taken);
    assert(!job);
    assert(hold == held);
    assert(cost <= held) /* so nothing is owed */
}

init {
  atomic {
    run Station();
    run Asker();
    run Jobs();
    run Facts();
    run Payment();
#ifndef LIVENESS
    run Quiescence()
#endif
  }
}

#ifdef LIVENESS
ltl ends { <> [] (payment == CAPTURED && !job) }
#endif
