// all.cc - the list: one line a protocol.
#include "all.h"

#include <vector>

#include "detect/rule.h"
#include "dissect/dissector.h"
#include "http1/http1.h"
#include "http2/http2.h"
#include "socketio/socketio.h"
#include "sse/sse.h"
#include "starttls/starttls.h"
#include "tls/tls.h"
#include "websocket/websocket.h"

namespace wirelens {

std::span<const Protocol* const> all_protocols() {
  // clang-format off
  static constexpr const Protocol* kAll[] = {
      &http1::kProtocol,
      &http2::kProtocol,
      &tls::kProtocol,
      &starttls::kSmtp,
      &starttls::kImap,
      &starttls::kPop3,
      &starttls::kFtp,
      &starttls::kXmpp,
      &starttls::kLdap,
      &starttls::kPostgresql,
      &starttls::kMysql,
      &socketio::kProtocol,
      &sse::kProtocol,
      &websocket::kProtocol,
  };
  // clang-format on
  return kAll;
}

std::span<const detect::Rule* const> all_rules() {
  static const std::vector<const detect::Rule*> kAll = [] {
    const auto core = detect::core_rules();
    std::vector<const detect::Rule*> all(core.begin(), core.end());
    for (const Protocol* protocol : all_protocols()) {
      all.insert(all.end(), protocol->rules.begin(), protocol->rules.end());
    }
    return all;
  }();
  return kAll;
}

}  // namespace wirelens
