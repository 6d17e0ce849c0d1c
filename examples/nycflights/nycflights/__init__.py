"""All flights that left New York in 2013: from the archive to a report about delays."""
