using Dapper;
using Saga.Tests.Integration.Api;
using Saga.Tests.Support;
using Xunit;

namespace Saga.Tests.Integration.Runtime;

public sealed class When_the_runtime_contract_is_compared
{
    [Fact]
    public async Task Should_have_the_columns_and_types_that_product_services_know()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var connection = await registry.OpenConnectionAsync();
        var columns = await connection.QueryAsync<string>(
            """
            select format('%s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod))
            from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace = 'runtime_v1'::regnamespace and a.attnum > 0 and not a.attisdropped and c.relkind <> 'i'
            order by c.relname, a.attnum
            """);

        Approved.Same("runtime_v1.txt", string.Join('\n', columns) + "\n");
    }
}
