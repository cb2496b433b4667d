-- Returned dead letters are pruned by the time of their return.
create index dead_letters_returned on dead_letters (returned_at) where returned_at is not null;
