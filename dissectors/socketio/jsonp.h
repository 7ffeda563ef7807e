// socketio/jsonp.h - polling for browsers without cross-origin requests (parameter j): payloads
// wrapped into scripts and forms, as Engine.IO does it.
//
//   answer to a GET    ___eio[0]("96:0{\"sid\":\"abc\", ...}");      a string of JavaScript
//   POST               d=10%3A42%5B%22say%22%5D                      a field of a form
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wirelens::socketio {

/// The payload in a script, as much of it as is there (`script` may be cut off); nothing if it is
/// no such script.
std::optional<std::string> payload_of_script(std::string_view script);

/// The payload in a form; nothing if there is none. A line feed was sent as "\n", and "\n" as
/// "\\n".
std::optional<std::string> payload_of_form(std::string_view form);

}  // namespace wirelens::socketio
