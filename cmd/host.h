// The name of the machine, in a Pod the Pod's: for people who read Events and Leases.
#pragma once

#include <string>

namespace heirloom::cmd {

std::string host_name();  // "unknown" when the system does not say

}  // namespace heirloom::cmd
