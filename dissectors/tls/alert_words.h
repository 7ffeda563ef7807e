// tls/alert_words.h - what an alert means, and what the program that gets it shows its user.
#pragma once

#include <string_view>

#include "event/records.h"

namespace wirelens::tls {

struct AlertWords {
  std::string_view alert;    ///< IANA's name
  std::string_view openssl;  ///< what OpenSSL says on the other side
  std::string_view browser;  ///< what Chromium shows when a server sends it
  std::string_view meaning;  ///< "the server ...", a clause
  std::string_view fix;
};
/// What is known of an alert that the server sent; of others, what holds for all.
const AlertWords& words_of_server_alert(std::string_view description);

/// The same for one that the client sent: `openssl` and `browser` are its own words.
const AlertWords& words_of_client_alert(std::string_view description);

/// A client's alert about the server's certificate, which may be hidden: what it says of that.
struct RefusalWords {
  std::string_view alert;
  std::string_view openssl, chromium, firefox;  ///< what they say in such a case; may be empty
  std::string_view meaning;                     ///< "the client says that ..."
  std::string_view fix;
};
/// Nothing is known of others than those about certificates: then all is empty but `meaning`.
const RefusalWords& words_of_refusal(std::string_view description);

/// How servers of TLS 1.2 and before say that they want a certificate of the client.
extern const AlertWords kWithoutClientCertificate;

}  // namespace wirelens::tls
