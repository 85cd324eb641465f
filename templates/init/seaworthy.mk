# Included by the Makefile: what its recipes run as $(CARGO) or $(GO) is guarded. `make SEAWORTHY=` builds without the guard.
SEAWORTHY ?= seaworthy
override SEAWORTHY := $(strip $(SEAWORTHY))
CARGO := $(SEAWORTHY) cargo
GO := $(SEAWORTHY) go

# A target is deleted when its recipe fails: a rejected program must not be up to date for the next make.
.DELETE_ON_ERROR:
