using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Suspend;

/// <summary>A valid command, with its default filled in.</summary>
public sealed record ValidSuspension(TenantId TenantId, HoldCode Code, string Reason)
{
    public HoldEffect Effect => SuspensionCodes.EffectOf(Code);
}
