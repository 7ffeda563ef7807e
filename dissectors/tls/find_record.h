// tls/find_record.h - where the next record begins, when bytes are missing.
#pragma once

#include "dissect/dissection.h"
#include "dissect/input.h"

namespace wirelens::tls {

/// Steps over bytes up to a plausible record header that is followed by another one, as far as
/// there is one in sight. False: the stream ended, or there was none in the length of two records.
Part<bool> find_record(Input& in);

}  // namespace wirelens::tls
