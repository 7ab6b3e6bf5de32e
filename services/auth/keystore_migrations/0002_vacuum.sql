-- What was deleted is cleared away by the next round of the autovacuum, however little it is.
ALTER TABLE person SET (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);
