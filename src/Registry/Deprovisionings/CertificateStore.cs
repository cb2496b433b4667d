using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Deprovisionings;

/// <summary>Reads deletion certificates. Thread-safe.</summary>
public sealed class CertificateStore(NpgsqlDataSource registry)
{
    /// <summary>The tenant's newest certificate; null when it was never removed.</summary>
    public async Task<StoredCertificate?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand("select document, sha256 from deletion_certificates where tenant_id = $1 order by created_at desc limit 1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new(row.GetString(0), row.GetString(1)) : null;
    }
}

/// <param name="Document">The certificate as JSON, exactly as it was written.</param>
/// <param name="Sha256">Of the document's bytes in UTF-8, in hexadecimal.</param>
public sealed record StoredCertificate(string Document, string Sha256);
