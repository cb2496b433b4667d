-- Rehearsals of upgrades: items that come before those whose places are upgraded, of which none begins before every rehearsal has succeeded.
alter table batch_items
    -- Which rehearsal of the place it is, from 1, because a batch that is resumed rehearses again what failed. Null for every other item.
    add column rehearsal int check (rehearsal > 0);

-- A tenant may be rehearsed and upgraded.
drop index batch_items_subject;
create unique index batch_items_subject on batch_items (batch_id, subject, (rehearsal is not null));
create index batch_items_rehearsals on batch_items (batch_id) where rehearsal is not null;

-- Why a batch paused by itself, for programs.
alter table batches add column pause_code text;
