// tls/certificate_compression.h - opens certificates that were compressed (RFC 8879).
#pragma once

#include <optional>
#include <vector>

#include "base/ledger.h"
#include "tls/messages.h"

namespace wirelens::tls {

/// The Certificate message inside. What is not as long as it says, or longer than kMaxMessage, or
/// of an algorithm that nobody registered, is nothing: at most as many bytes are made as were
/// announced.
std::optional<std::vector<std::uint8_t>> decompress(const CompressedCertificate& compressed,
                                                    Ledger& ledger);

}  // namespace wirelens::tls
