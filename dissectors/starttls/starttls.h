// starttls/starttls.h - protocols that begin in clear and may go on in TLS: read up to there.
//
// SMTP (RFC 3207), IMAP and POP3 (RFC 2595), FTP (RFC 4217), XMPP (RFC 6120 section 5), LDAP
// (RFC 4511 section 4.14), PostgreSQL's SSLRequest and MySQL's SSL flag. Of their own talk only the
// units are told apart, so that a TLS record is recognised where one may begin. When none came in
// the beginning of a connection, none will: the rest is opaque.
#pragma once

#include "dissect/dissector.h"

namespace wirelens::starttls {

extern const Protocol kSmtp;
extern const Protocol kImap;
extern const Protocol kPop3;
extern const Protocol kFtp;
extern const Protocol kXmpp;
extern const Protocol kLdap;
extern const Protocol kPostgresql;
extern const Protocol kMysql;

}  // namespace wirelens::starttls
