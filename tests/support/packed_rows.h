// support/packed_rows.h - unpacks a PackedTable as the page does.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "report/packed_table.h"

namespace wirelens {

/// Ends the table, and reads all of its chunks.
std::vector<nlohmann::json> packed_chunks(PackedTable& table);

}  // namespace wirelens
