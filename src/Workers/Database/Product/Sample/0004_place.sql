-- Rows belong to the tenant of the session's place: the platform's schema saga knows it, and its policies replace those of this product.
create or replace function current_tenant() returns uuid
language sql stable parallel safe
return saga.current_tenant();
