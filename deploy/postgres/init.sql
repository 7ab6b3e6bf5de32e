-- Roles and databases of the platform; run once, right after initdb, by deploy/postgres/init.sh (or against an existing server).
-- A service's role owns its database and nothing else. Who connects is said by the client certificate (pg_ident.conf): no passwords.
-- The exporter's role (observability) reads the server's own figures and no table.
-- A relay's role streams its service's database and has no other right than what the service's migrations grant it.

CREATE ROLE auth LOGIN;
CREATE ROLE users LOGIN;
CREATE ROLE charging LOGIN;
CREATE ROLE payment LOGIN;
CREATE ROLE integrations LOGIN;
CREATE ROLE registry LOGIN;
CREATE ROLE observability LOGIN;
CREATE ROLE charging_relay LOGIN REPLICATION;
CREATE ROLE payment_relay LOGIN REPLICATION;
CREATE ROLE integrations_relay LOGIN REPLICATION;

CREATE DATABASE auth OWNER auth;
CREATE DATABASE auth_keystore OWNER auth;
CREATE DATABASE users OWNER users;
CREATE DATABASE charging OWNER charging;
CREATE DATABASE payment OWNER payment;
CREATE DATABASE integrations OWNER integrations;
CREATE DATABASE registry OWNER registry;

REVOKE CONNECT, TEMPORARY ON DATABASE postgres FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE auth FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE auth_keystore FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE users FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE charging FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE payment FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE integrations FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE registry FROM PUBLIC;

GRANT CONNECT ON DATABASE postgres TO observability;
GRANT pg_monitor TO observability;
GRANT CONNECT ON DATABASE charging TO charging_relay;
GRANT CONNECT ON DATABASE payment TO payment_relay;
GRANT CONNECT ON DATABASE integrations TO integrations_relay;
