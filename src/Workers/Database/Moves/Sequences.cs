using System.Globalization;
using Saga.Contracts.Steps;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Advances the target's sequences to what the source has used. Never lowers one: in shared tables a sequence serves other tenants too.
/// </summary>
internal static class Sequences
{
    /// <exception cref="StepFailureException">In shared tables, the source has used more than half of a sequence's numbers. They would be missing for all tenants.</exception>
    public static async Task AdvanceAsync(MoveSession from, string fromSchema, MoveSession to, string toSchema, Guid tenant, bool isShared, CancellationToken cancellationToken)
    {
        var last = (await ListAsync(from, fromSchema, cancellationToken)).ToDictionary(s => s.Name, s => s.Last, StringComparer.Ordinal);
        // The target's, because a source without tenants may take its keys from elsewhere.
        foreach (var sequence in await ListAsync(to, toSchema, cancellationToken))
        {
            if (sequence.Column is null && !last.ContainsKey(sequence.Name))
                continue;
            var name = $"{Sql.Name(toSchema)}.{Sql.Name(sequence.Name)}";
            // Takes the lock for which other sessions' nextval waits, so that nobody advances it between the two statements.
            await to.ExecuteAsync($"alter sequence {name} increment by {FormattableString.Invariant($"{sequence.Increment}")}", cancellationToken);
            var used = sequence.Column is null ? null : await to.ScalarAsync<long?>(
                $"select max({Sql.Name(sequence.Column)})::bigint from {Sql.Name(toSchema)}.{Sql.Name(sequence.Table!)} where tenant_id = @tenant", cancellationToken, new { tenant });
            if (Largest(last.GetValueOrDefault(sequence.Name), used) is { } needed)
            {
                if (isShared && needed > sequence.Maximum / 2 && needed > (sequence.Last ?? 0))
                    throw TooFar(sequence, needed);
                await to.ExecuteAsync(
                    $"select setval({Sql.Text(name)}::regclass, @needed) from {name} where last_value < @needed or (last_value = @needed and not is_called)", cancellationToken, new { needed });
            }
        }
    }

    // Descending sequences are left alone. Last is null when a sequence was never used.
    private static Task<IReadOnlyList<Sequence>> ListAsync(MoveSession session, string schema, CancellationToken cancellationToken) => session.QueryAsync<Sequence>(
        """
        select s.sequencename::text as Name, s.increment_by as Increment, s.last_value as Last, s.max_value as Maximum, t.relname::text as "Table", a.attname::text as "Column"
        from pg_sequences s
        join pg_class q on q.relname = s.sequencename and q.relnamespace = to_regnamespace(quote_ident(s.schemaname))
        left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = q.oid and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
        left join pg_class t on t.oid = d.refobjid and exists (select from pg_attribute x where x.attrelid = t.oid and x.attname = 'tenant_id' and not x.attisdropped)
        left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
        where s.schemaname = @schema and s.increment_by > 0 order by 1
        """,
        cancellationToken, new { schema });

    private static StepFailureException TooFar(Sequence sequence, long needed) => StepFailureException.Permanent(
        "sequence-too-far",
        string.Create(CultureInfo.InvariantCulture, $"The tenant's keys reach {needed}, more than half of what sequence '{sequence.Name}' can count to ({sequence.Maximum}), and the other tenants of the shared tables use it too."),
        "Give the rows with the greatest keys smaller ones, or choose another isolation.");

    private static long? Largest(long? one, long? other) => one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);

    private sealed class Sequence
    {
        public string Name { get; init; } = "";

        public long Increment { get; init; }

        public long? Last { get; init; }

        public long Maximum { get; init; }

        public string? Table { get; init; }

        public string? Column { get; init; }
    }
}
