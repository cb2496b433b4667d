-- Operations that need no slot are not counted: urgent commands, and parents, whose children need slots of their own.
alter table operations
    drop constraint operations_slot_check,
    add constraint operations_slot_check check (slot in ('queued', 'admitted', 'released', 'exempt')) not valid;
alter table operations validate constraint operations_slot_check;
