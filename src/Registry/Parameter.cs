using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;

namespace Saga.Registry;

internal static class Parameter
{
    /// <summary>One column of the arrays that <c>unnest</c> turns into rows.</summary>
    public static NpgsqlParameter Array<TSource, TValue>(IEnumerable<TSource> source, Func<TSource, TValue> value, NpgsqlDbType type) =>
        new() { Value = source.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };

    public static string? Json<T>(T? value)
        where T : class => value is null ? null : JsonSerializer.Serialize(value, Contracts.Json.Options);
}
