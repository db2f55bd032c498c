# What time it is here, in seconds; with a fraction where `date` knows one.
date +%s.%N
