using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Contracts;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Update;

/// <summary>A tenant as the document that merge patches apply to.</summary>
internal static class TenantDocument
{
    public static JsonObject Of(Tenant tenant) => new()
    {
        [TenantField.Name] = tenant.Name,
        [TenantField.Description] = tenant.Description,
        [TenantField.AdminEmail] = tenant.AdminEmail,
        [TenantField.Phone] = tenant.Phone,
        [TenantField.Domain] = tenant.Domain,
        [TenantField.Subdomain] = tenant.Subdomain,
        [TenantField.Timezone] = tenant.Timezone,
        [TenantField.Region] = tenant.Region,
        [TenantField.Features] = Node(tenant.Features),
        [TenantField.Settings] = Node(tenant.Settings),
        [TenantField.Pool] = Node(tenant.Pool),
        [TenantField.ReadReplica] = tenant.ReadReplica,
        [TenantField.AutoUpdate] = tenant.AutoUpdate,
        [TenantField.MaxUsers] = tenant.MaxUsers,
        [TenantField.MaxStorage] = tenant.MaxStorageGib,
        [TenantField.MaintenanceWindow] = Node(tenant.MaintenanceWindow),
    };

    public static JsonNode? Node<T>(T value) => JsonSerializer.SerializeToNode(value, Json.Options);
}
