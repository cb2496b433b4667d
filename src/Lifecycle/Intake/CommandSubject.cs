using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Intake;

/// <summary>The tenant that a command is about.</summary>
public abstract record CommandSubject
{
    private CommandSubject()
    {
    }

    /// <summary>A tenant that the command creates; the intake assigns its id, unless the command gives one.</summary>
    public sealed record NewTenant(Slug Slug, TenantId? Id = null) : CommandSubject;

    public sealed record ExistingTenant(TenantId Id) : CommandSubject;

    /// <summary>No single tenant, but a server or the entire fleet. Neither the operation nor its steps have a tenant.</summary>
    public sealed record NoTenant : CommandSubject;
}
