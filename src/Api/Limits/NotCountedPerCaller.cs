namespace Saga.Api.Limits;

/// <summary>
/// Marks an endpoint whose requests do not count towards the limit of a caller, because it must answer one caller whatever others behind
/// the same address do.
/// </summary>
public sealed class NotCountedPerCaller;
