-- What a tenant may set for the numbers of the shipped plans. Bounds that a plan already has are kept, and its own default stays within.
with bounds (setting, minimum, maximum) as (values ('passwordMinLength', 8, 128), ('sessionTimeoutMinutes', 5, 43200), ('uploadMaxMegabytes', 1, 10240))
update plans p set definition = jsonb_set(p.definition, '{settings}', p.definition -> 'settings' || (
    select jsonb_object_agg(b.setting, jsonb_build_object(
        'minimum', least(b.minimum, (p.definition #>> array['settings', b.setting, 'value'])::numeric),
        'maximum', greatest(b.maximum, (p.definition #>> array['settings', b.setting, 'value'])::numeric)) || (p.definition -> 'settings' -> b.setting))
    from bounds b where jsonb_typeof(p.definition #> array['settings', b.setting, 'value']) = 'number'))
where exists (select from bounds b where jsonb_typeof(p.definition #> array['settings', b.setting, 'value']) = 'number');
