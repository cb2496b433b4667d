using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Saga.Lifecycle.Domains;
using Saga.Registry.Domains;

namespace Saga.Api.Tenants;

/// <summary>A domain of a tenant.</summary>
public sealed record DomainView
{
    public required string Domain { get; init; }

    /// <summary>pending or proved. A domain that is not proved is used for nothing.</summary>
    public required string State { get; init; }

    /// <summary>Whether it is the domain in the tenant's own data.</summary>
    public required bool Main { get; init; }

    /// <summary>What the domain's owner publishes in DNS.</summary>
    public required DomainRecordView Record { get; init; }

    /// <summary>When the record was last looked for; absent when it never was.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>What was found instead of the record; absent when it was found.</summary>
    public string? Failure { get; init; }

    public DateTimeOffset? ProvedAt { get; init; }

    /// <summary>When the claim ends unless its control is proved; absent when it is.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When the tenant's organisation got the domain; absent while it has not.</summary>
    public DateTimeOffset? LinkedAt { get; init; }

    /// <summary>The address of the operation that gives the domain to the tenant's organisation, in the response to a verification.</summary>
    public string? Operation { get; init; }

    internal static DomainView Of(TenantDomain domain) => new()
    {
        Domain = domain.Domain,
        State = domain.State.ToString().ToLowerInvariant(),
        Main = domain.IsMain,
        Record = new("TXT", DomainProof.RecordName(domain.Domain), DomainProof.RecordText(domain.Token)),
        CheckedAt = domain.CheckedAt,
        Failure = domain.Failure,
        ProvedAt = domain.ProvedAt,
        ExpiresAt = domain.State == DomainState.Pending ? domain.ExpiresAt : null,
        LinkedAt = domain.LinkedAt,
    };
}

/// <summary>A DNS record.</summary>
public sealed record DomainRecordView(string Type, string Name, string Text);

/// <summary>A tenant's domains, oldest first.</summary>
public sealed record DomainsView
{
    public required IReadOnlyList<DomainView> Items { get; init; }
}

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/domains.</summary>
public sealed record DomainRequest
{
    [Required, MaxLength(253), Description("A DNS name that the tenant owns.")]
    public required string Domain { get; init; }
}
