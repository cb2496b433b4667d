using System.Runtime.InteropServices;
using Saga.Engine.Operations;

namespace Saga.Engine.Admission;

/// <summary>One class of operations and its share of the slots at this moment.</summary>
/// <param name="Priority">The class.</param>
/// <param name="Used">Slots that its operations hold.</param>
/// <param name="Waiting">Its operations that wait for a slot.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct WaitingClass(OperationPriority Priority, int Used, int Waiting);
