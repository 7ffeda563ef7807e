// cli/schema.cc - wirelens schema: the JSON Schema of every record.
#include "all.h"
#include "cli/commands.h"
#include "engine/engine.h"
#include "report/report.h"

namespace wirelens {

ExitStatus schema(Arguments arguments) {
  if (const auto error = parse_bare(kSchemaGrammar, arguments)) {
    complain(error->message);
    return kUsage;
  }
  return print(json_schema(event_types(all_protocols())));
}

}  // namespace wirelens
