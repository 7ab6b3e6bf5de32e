/*
 * Relay and inbox: from an outbox row to its effect, exactly once and in order per key.
 *
 * What stands for what
 *   Writer     kit/messaging/outbox.cpp  Outbox::append: the row lock of `stream` gives the sequence, the row's `pos` is drawn
 *              before the commit, so that transactions of different keys commit in any order of `pos`.
 *   wal, slot  logical decoding: rows in commit order; slot_holder is the fence, slot_confirmed the position the server keeps.
 *   Relay      kit/messaging/relay.cpp  Relay::Impl::open (take the slot, begin at the confirmed position), step, deliver
 *              (kit/kafka/producer.cpp send_in_chunks, await_reports: one chunk outstanding, purge on the first failure),
 *              stream.confirm only after every report is good. The feedback reaches the server later, or never.
 *   Network    the server gives the slot to another relay (wal_sender_timeout) while the old one stands still with a chunk in
 *              its hands; it may still write it when it wakes.
 *   Consumer   kit/messaging/inbox.cpp  receive, together/alone, settle, retry_later (one key waits, the others go on),
 *              commit_offsets (partition_progress.cpp take_committable: below the first open record).
 *   apply      kit/messaging/event_applier.cpp  EventApplier::apply, in_turn, close_gap; inbox_store.cpp  receive, advance.
 *              One database transaction, hence one atomic step: the inbox row, the key's sequence and the effect.
 *
 * Checked: an effect never happens twice; effects of a key come in the order of its sequence; no event is passed over
 * (assertions in apply, and Quiescence); under weak fairness all effects happen (LTL progress).
 * Faults are a budget: kills of a relay or a consumer, chunks that are lost or whose report is lost, slots taken away.
 */
#ifndef PER_KEY
#define PER_KEY 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef RELAYS
#define RELAYS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#define KEYS 2
#ifndef EVENTS
#define EVENTS 3 /* the first key has PER_KEY of them, the second the rest */
#endif
#define LOG (EVENTS + (FAULTS + 1) * EVENTS) /* longest log */
#define WINDOW 3 /* records of the partition that a consumer works on at a time */
#define NOBODY 255

#define key_of(event) ((event) / PER_KEY)
#define seq_of(event) ((event) % PER_KEY + 1)

byte faults = FAULTS;

/* The producing service's database. */
byte wal[EVENTS];
byte wal_length;
#ifdef POLL_ID
byte wal_pos[EVENTS];
byte next_pos = 1;
#endif

/* The slot. */
byte slot_holder = NOBODY;
byte slot_confirmed;

/* The topic's partition: both keys are in it. */
byte records[LOG];
byte log_end;
byte committed_offset;
byte position[CONSUMERS]; /* of each member: the first record that is open for it */

/* The consuming service's database. */
bit inbox[EVENTS];
bit gap_parked[EVENTS];
byte last_sequence[KEYS]; /* 0: no row, the key was never seen */
byte effects[KEYS];       /* how many effects of a key there are: the next must be the event with this index */
byte applied;

inline append_record(event) {
  assert(log_end < LOG); /* the bound of the model, not of the protocol */
  records[log_end] = event;
  log_end++
}

inline effect(event) {
  /* Also says that nothing was passed over: the n-th effect of a key is its n-th event, once. */
  assert(seq_of(event) == effects[key_of(event)] + 1);
  effects[key_of(event)]++;
  applied++
}

/* EventApplier::apply in one transaction. */
inline apply(event) {
#ifdef NO_DEDUP
  effect(event);
#else
  if
  :: inbox[event] -> skip /* receive() says: not fresh */
  :: !inbox[event] ->
    inbox[event] = 1;
    if
    :: last_sequence[key_of(event)] != 0 && seq_of(event) <= last_sequence[key_of(event)] ->
      assert(seq_of(event) <= effects[key_of(event)]) /* "older: skipped" must never skip what had no effect */
    :: last_sequence[key_of(event)] != 0 && seq_of(event) > last_sequence[key_of(event)] + 1 -> gap_parked[event] = 1
    :: else ->
      effect(event);
      last_sequence[key_of(event)] = seq_of(event);
      /* close_gap */
      do
      :: last_sequence[key_of(event)] < PER_KEY && key_of(event) * PER_KEY + last_sequence[key_of(event)] < EVENTS &&
         gap_parked[key_of(event) * PER_KEY + last_sequence[key_of(event)]] ->
        gap_parked[key_of(event) * PER_KEY + last_sequence[key_of(event)]] = 0;
        effect(key_of(event) * PER_KEY + last_sequence[key_of(event)]);
        last_sequence[key_of(event)]++
      :: else -> break
      od
    fi
  fi
#endif
}

proctype Writer(byte key) {
  byte written;
#ifdef POLL_ID
  byte pos;
#endif
  do
  :: written < PER_KEY && key * PER_KEY + written < EVENTS ->
#ifdef POLL_ID
    d_step { pos = next_pos; next_pos++ };
#endif
    d_step {
      wal[wal_length] = key * PER_KEY + written;
#ifdef POLL_ID
      wal_pos[wal_length] = pos;
      pos = 0;
#endif
      wal_length++;
      written++
    }
  :: else -> break
  od
}

#ifdef POLL_ID
/* The relay that the design measured and rejected: SELECT … WHERE pos > last ORDER BY pos. */
inline poll() {
  d_step {
    size = 0;
    best = 0;
    i = 0;
    do
    :: i < wal_length ->
      if
      :: wal_pos[i] > from && (best == 0 || wal_pos[i] < best) -> best = wal_pos[i]; chunk[0] = wal[i]; size = 1
      :: else
      fi;
      i++
    :: else -> break
    od;
    end = best;
    i = 0;
    best = 0
  }
}
#endif

proctype Relay(byte me) {
  byte from;     /* everything before it is delivered, as far as this relay knows */
  byte end;      /* of the chunk in its hands */
  byte chunk[2];
  byte size;
  byte sent;
#ifdef POLL_ID
  byte i, best;
#endif
end_standby:
#ifndef NO_FENCE
  atomic { slot_holder == NOBODY -> slot_holder = me; from = slot_confirmed };
#endif
follow:
end_follow:
  do
  :: atomic {
       /* step(): the first commit is waited for, what came with it goes along. */
#ifdef POLL_ID
       wal_length > 0 -> poll();
       if
       :: size > 0
       :: size == 0 -> goto follow
       fi
#else
#ifdef NO_FENCE
       wal_length > slot_confirmed -> from = slot_confirmed;
#else
       wal_length > from && slot_holder == me ->
#endif
       end = from + 1;
       if
       :: end < wal_length -> end++
       :: true
       fi;
       chunk[0] = wal[from];
       size = end - from;
       if
       :: size == 2 -> chunk[1] = wal[from + 1]
       :: else
       fi;
#if defined(CONFIRM_BEFORE_DELIVERY) || defined(NO_FENCE)
       slot_confirmed = end; /* without a fence: relays share the work, whoever comes takes the next rows */
#endif
#endif
     };
    /* deliver(): one chunk is outstanding. */
    atomic {
      if
      :: true -> /* written, the report is good */
        append_record(chunk[0]);
        if
        :: size == 2 -> append_record(chunk[1])
        :: else
        fi;
        sent = 1
#ifndef NO_FENCE
      :: faults > 0 -> faults--; sent = 0 /* nothing was written */
      :: faults > 0 -> faults--; append_record(chunk[0]); sent = 0 /* the first was written, the report came too late */
      :: size == 2 && faults > 0 -> faults--; append_record(chunk[0]); append_record(chunk[1]); sent = 0 /* all written, the report was lost */
#endif
#ifdef SEVERAL_IN_FLIGHT
      :: size == 2 && faults > 0 -> faults--; append_record(chunk[1]); sent = 0 /* the first timed out, the second did not */
#endif
      fi;
      chunk[0] = 0;
      chunk[1] = 0;
      size = 0
    };
    if
    :: atomic { sent ->
         sent = 0;
#ifdef POLL_ID
         from = end;
         slot_confirmed = end;
         end = 0
#elif defined(NO_FENCE)
         end = 0;
         from = 0;
         goto end_standby
#else
         if
         :: slot_holder == me -> from = end; end = 0
         :: else -> from = 0; end = 0; goto end_standby /* the connection is gone: confirm() reaches nobody */
         fi
#endif
       }
    :: atomic { !sent -> end = 0; from = 0; if :: slot_holder == me -> slot_holder = NOBODY :: else fi; goto end_standby }
    fi
#if !defined(NO_FENCE) && !defined(POLL_ID) && !defined(CONFIRM_BEFORE_DELIVERY)
  :: d_step { slot_holder == me && slot_confirmed < from -> slot_confirmed = from } /* the feedback arrives */
#endif
#ifndef NO_FENCE
  :: atomic { slot_holder != me -> from = 0; goto end_standby }
  :: atomic { faults > 0 && (slot_holder == me || wal_length > 0) ->
       faults--; /* killed */
#ifndef SLOT_NEVER_RELEASED
       if
       :: slot_holder == me -> slot_holder = NOBODY
       :: else
       fi;
#endif
       from = 0;
       goto end_standby
     }
#endif
  od
}

/* wal_sender_timeout: the holder was silent for too long, whatever it has in its hands. */
proctype Network() {
end_idle:
  do
  :: d_step { faults > 0 && slot_holder != NOBODY -> faults--; slot_holder = NOBODY }
  od
}

#define in_window(n) (position[me] + (n) < log_end && !(done & (1 << (n))))
#define same_key(n, m) (key_of(records[position[me] + (n)]) == key_of(records[position[me] + (m)]))
/* A record may be worked on when no earlier one of its key is open. */
#define may_work_0 in_window(0)
#define may_work_1 (in_window(1) && ((done & 1) || !same_key(0, 1)))
#define may_work_2 (in_window(2) && ((done & 1) || !same_key(0, 2)) && ((done & 2) || !same_key(1, 2)))

inline work_on(n) {
#ifdef ACKNOWLEDGE_BEFORE_COMMIT
  committed_offset = position[me] + (n) + 1;
  if
  :: true -> apply(records[position[me] + (n)])
  :: faults > 0 -> faults--; goto restart
  fi;
#else
  apply(records[position[me] + (n)]);
#endif
#ifdef COMMIT_THE_HIGHEST
  if
  :: committed_offset < position[me] + (n) + 1 -> committed_offset = position[me] + (n) + 1
  :: else
  fi;
#endif
  done = done | (1 << (n))
}

/* What nobody will read again is taken out of the model's log: fewer states, nothing else. */
inline forget() {
  do
  :: committed_offset > 0 && position[0] > 0 && position[CONSUMERS - 1] > 0 ->
    committed_offset--;
    position[0]--;
#if CONSUMERS > 1
    position[1]--;
#endif
    i = 1;
    do
    :: i < log_end -> records[i - 1] = records[i]; i++
    :: else -> break
    od;
    log_end--;
    records[log_end] = 0;
    i = 0
  :: else -> break
  od
}

/* Two of them at once: more than a rebalance allows, so that a member that was fenced out and does not know yet is in it. */
proctype Consumer(byte me) {
  byte done; /* of the records from `position` on */
  byte i;
restart:
  atomic { position[me] = committed_offset; done = 0 };
end_wait:
  do
  :: atomic { may_work_0 -> work_on(0) }
  :: atomic { may_work_1 -> work_on(1) }
  :: atomic { may_work_2 -> work_on(2) }
  :: d_step { (done & 1) ->
       position[me]++;
#if !defined(ACKNOWLEDGE_BEFORE_COMMIT) && !defined(COMMIT_THE_HIGHEST)
       committed_offset = position[me];
#endif
       forget();
       done = done >> 1
     }
  :: atomic { faults > 0 && position[me] < log_end -> faults--; goto restart } /* killed: the commit of the offset may be lost */
  od
}

/* Nothing can move any more: then everything has had its effect. */
proctype Quiescence() {
end_watch:
  timeout -> assert(applied == EVENTS)
}

init {
  byte n;
  atomic {
    n = 0;
    do
    :: n < KEYS -> run Writer(n); n++
    :: else -> break
    od;
    n = 0
  };
#ifndef POLL_ID
  /* Decoding shows commits in one order, whichever it was, and a chunk may end anywhere: what is committed later changes nothing. */
  wal_length == EVENTS;
#endif
  atomic {
    do
    :: n < RELAYS -> run Relay(n); n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < CONSUMERS -> run Consumer(n); n++
    :: else -> break
    od;
    run Network();
#ifndef LIVENESS
    run Quiescence()
#endif
  }
}

#ifdef LIVENESS
ltl progress { <> (applied == EVENTS) }
#endif
