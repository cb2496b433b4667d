using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Profile;
using Saga.Registry.Domains;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Domains;

/// <summary>Claims of tenants for further domains. A claim is used for nothing until its control is proved. Thread-safe.</summary>
public sealed class DomainClaims(TenantStore tenants, TenantDomainStore domains)
{
    /// <summary>The most domains of one tenant.</summary>
    public const int Most = 50;

    /// <summary>Claims a domain. The same claim again gets a new time and keeps its token.</summary>
    public async Task<DomainClaim> ClaimAsync(TenantId id, string? text, string actor, CancellationToken cancellationToken)
    {
        if (await tenants.FindAsync(id, cancellationToken) is not { } tenant)
            return Refused(RejectionCodes.TenantNotFound, "There is no such tenant.");
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Active) is { } status)
            return new(null, false, status);
        var errors = new List<FieldError>();
        var domain = TenantFields.Domain(text, errors);
        if (text is null)
            errors.Add(new("/domain", $"is required: {DomainName.Rule}"));
        var known = await domains.ListAsync(id, cancellationToken);
        if (known.Count >= Most && known.All(d => d.Domain != domain))
            errors.Add(new("/domain", string.Create(CultureInfo.InvariantCulture, $"is one too many: a tenant has at most {Most} domains")));
        if (errors.Count > 0)
            return new(null, false, new() { Code = RejectionCodes.Validation, Detail = "The claim breaks a rule: see errors.", Errors = errors });
        return await domains.ClaimAsync(id, domain!, DomainProof.NewToken(), actor, cancellationToken) is not { } isNew
            ? new(null, false, new() { Code = RejectionCodes.DomainTaken, Detail = $"The domain '{domain}' is proved for another tenant, or reserved after one that was deprovisioned.", Errors = [new("/domain", $"'{domain}' is taken by another tenant")] })
            : new(await domains.FindAsync(id, domain!, cancellationToken), isNew, null);
    }

    private static DomainClaim Refused(string code, string detail) => new(null, false, new() { Code = code, Detail = detail });
}

/// <summary>What became of a claim.</summary>
/// <param name="Domain">The claim; null when it was refused, or has gone again already.</param>
/// <param name="IsNew">Whether the tenant did not have the domain before.</param>
/// <param name="Rejection">Why it was refused; null when it was not.</param>
public sealed record DomainClaim(TenantDomain? Domain, bool IsNew, OperationRejected? Rejection);
