// tls/opening.h - what a direction begins with: enough to tell TLS from other protocols.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace wirelens::tls {

/// `unsure`: more bytes will tell. `record`: any that may come later.
enum class Opening : std::uint8_t { nothing, unsure, client_hello, server_hello, record };

/// `first` is not empty.
Opening opening_of(Bytes first);

}  // namespace wirelens::tls
