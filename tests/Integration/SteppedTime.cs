global using SteppedTime = Saga.Tests.Support.TestClock;
