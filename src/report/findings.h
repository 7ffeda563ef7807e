// report/findings.h - the answer that the text report begins with: what is wrong and what to do.
#pragma once

#include "report/page.h"
#include "report/summary.h"

namespace wirelens {

/// How many there are and what they cost, then the first of them; the rest is counted.
void write_findings(Page& page, const Summary& summary);

}  // namespace wirelens
