namespace Saga.Registry.Domains;

/// <summary>Whether a tenant's control of its domain was proved. The names are stored, so they must not change.</summary>
public enum DomainState
{
    Pending,
    Proved,
}
