// support/run.h - whole captures through the whole engine.
#pragma once

#include <string>
#include <string_view>

#include "support/dissect.h"

namespace wirelens::testing {

/// The records of captures/NAME, decrypted with the key log beside it (NAME.keys), if there is one.
Records records_of(std::string_view name, bool show_secrets = false);
/// What the peers of captures/NAME.pcap wrote down when they sent it: NAME.sent.jsonl.
Records sent_in(std::string_view name);

}  // namespace wirelens::testing
