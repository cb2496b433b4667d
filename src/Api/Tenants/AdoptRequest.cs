using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants/adopt, for the OpenAPI document; read by <see cref="AdoptRequestReader"/>.</summary>
public sealed record AdoptRequest : ProvisionRequest
{
    [Required, Description("A server listed by GET /api/v1/servers.")]
    public required string Server { get; init; }

    [Required, StringLength(63, MinimumLength = 1), Description("The database of the product that exists there.")]
    public required string Database { get; init; }

    [StringLength(63, MinimumLength = 1), Description("The schema with the product's tables. With it the isolation is schema, unless the body says database or row. Defaults to product.")]
    public string? Schema { get; init; }

    [Description("The tenant's id: the value of tenant_id in its rows. A new one when absent, which only fits tables without rows of tenants.")]
    public Guid? TenantId { get; init; }

    [Description("Existing users of the identity provider that become members of the tenant's organisation.")]
    public AdoptedUsersRequest? Users { get; init; }
}

public sealed record AdoptedUsersRequest
{
    [Required, AllowedValues("list", "realm"), Description("list: those in emails. realm: those of emailDomain.")]
    public required string From { get; init; }

    [Length(1, 1000), Description("With list: their addresses. Each must be that of an enabled user who has verified it.")]
    public IReadOnlyList<string>? Emails { get; init; }

    [MaxLength(253), Description("With realm: every enabled user with a verified address in this domain, if the tenant may have so many users.")]
    public string? EmailDomain { get; init; }
}
