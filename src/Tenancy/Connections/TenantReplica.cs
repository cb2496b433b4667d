namespace Saga.Tenancy.Connections;

/// <summary>A replica on which a tenant may be read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schema">The schema of the tenant's place.</param>
/// <param name="Epoch">The placement's epoch.</param>
/// <param name="ConnectionString">With the read-only login and its password.</param>
internal sealed record TenantReplica(string Name, string Schema, long Epoch, string ConnectionString);
