namespace Saga.Registry.Plans;

/// <summary>A change of a tenant's plan, or of its version, by an operation.</summary>
public sealed record PlanChange(string FromPlan, int FromVersion, string ToPlan, int ToVersion);
