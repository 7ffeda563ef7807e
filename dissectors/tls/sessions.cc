// tls/sessions.cc - a bounded table.
#include "tls/sessions.h"

#include <openssl/evp.h>

namespace wirelens::tls {

std::string Sessions::key_of(Bytes name) {
  std::string key(32, '\0');
  EVP_Q_digest(nullptr, "SHA256", nullptr, name.data(), name.size(),
               reinterpret_cast<unsigned char*>(key.data()), nullptr);
  return key;
}

void Sessions::remember(Bytes name, const Secret& master) {
  if (name.empty() || master.empty()) return;
  const std::string key = key_of(name);
  const auto [at, fresh] = masters_.insert_or_assign(key, master);
  if (!fresh) return;
  order_.push_back(key);
  if (order_.size() <= kMost) return;
  masters_.erase(order_.front());
  order_.pop_front();
}

std::optional<Secret> Sessions::find(Bytes name) const {
  if (name.empty()) return std::nullopt;
  const auto found = masters_.find(key_of(name));
  if (found == masters_.end()) return std::nullopt;
  return found->second;
}

}  // namespace wirelens::tls
