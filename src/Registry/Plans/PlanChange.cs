namespace Saga.Registry.Plans;

/// <summary>A change of a tenant's plan by an operation.</summary>
public sealed record PlanChange(string FromPlan, string ToPlan);
