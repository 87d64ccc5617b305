// The compiled part of Beast (BOOST_BEAST_SEPARATE_COMPILATION): here once instead of in every file.
#include <boost/beast/src.hpp>
