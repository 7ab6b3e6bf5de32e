-- Keys for ID tokens, which most libraries expect in RS256. A table of its own: whoever knows only signing_key goes on with ES256 alone.
CREATE TABLE signing_key_rs256 (LIKE signing_key INCLUDING ALL);
