using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Tests.Support;

/// <summary>A tenant's rows in the tables of the sample product, as a superuser sees them with the product's schema on the search path.</summary>
public static class SampleRows
{
    /// <summary>Adds users, each with documents.</summary>
    public static Task FillAsync(NpgsqlConnection place, TenantId tenant, int users, int documents) => place.ExecuteAsync(
        """
        insert into users (tenant_id, email, display_name) select @Value, gen_random_uuid() || '@acme.example', 'U' || i from generate_series(1, @users) i;
        insert into documents (tenant_id, author_id, title, body) select tenant_id, id, 'D' || i, repeat('ä', i % 50) from users, generate_series(1, @documents) i where tenant_id = @Value
        """,
        new { tenant.Value, users, documents });

    public static Task DeleteDocumentsAsync(NpgsqlConnection place, TenantId tenant) => place.ExecuteAsync("delete from documents where tenant_id = @Value", new { tenant.Value });

    /// <summary>The number of the tenant's documents, and a digest of all its rows.</summary>
    public static async Task<string> DigestAsync(NpgsqlConnection place, TenantId tenant) => (await place.ExecuteScalarAsync<string>(
        """
        select (select count(*) from documents where tenant_id = @Value) || ' ' || md5(concat(
            (select string_agg(u::text, '|' order by id) from users u where tenant_id = @Value), (select string_agg(d::text, '|' order by id) from documents d where tenant_id = @Value),
            (select string_agg(s::text, '|' order by key) from settings s where tenant_id = @Value)))
        """,
        new { tenant.Value }))!;
}
